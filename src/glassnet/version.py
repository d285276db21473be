"""The version of glassnet, which model files and the playground's addresses carry."""

__version__ = "0.1.0"
