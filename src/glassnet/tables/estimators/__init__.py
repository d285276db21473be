"""The models of `glassnet train` as scikit-learn estimators: TableClassifier and TableRegressor."""
