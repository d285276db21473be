"""The compiled engine behind the engine protocol, and the generator of its equations."""
