"""How Yiqijiu is run: on one machine with one command (`local/`), in containers, in a cluster."""
