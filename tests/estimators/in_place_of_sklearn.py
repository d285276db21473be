"""A pytest plug-in that puts glassnet's estimators in place of scikit-learn's: `pytest -p in_place_of_sklearn …`."""

import sklearn.neural_network

import glassnet

sklearn.neural_network.MLPClassifier = glassnet.MLPClassifier
sklearn.neural_network.MLPRegressor = glassnet.MLPRegressor
