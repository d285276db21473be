"""`python -m glassnet` is the `glassnet` command."""

from glassnet.cli.main import main

if __name__ == "__main__":
    main()
