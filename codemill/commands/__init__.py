"""One file per subcommand; heavy imports happen inside, so that `--help` is quick."""
