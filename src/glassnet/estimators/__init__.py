"""scikit-learn estimators over the core and its engines: MLPClassifier and MLPRegressor."""
