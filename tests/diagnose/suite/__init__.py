"""The suite that measures `diagnose`: deliberately broken set-ups it must name, healthy ones it must leave alone."""
