"""The playground in a notebook: a widget whose page asks the kernel."""
