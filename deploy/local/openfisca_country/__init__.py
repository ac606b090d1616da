"""The eighteen programmes once more, as a country package for openfisca-core: what the rule text is measured beside.

It is run by a python that has openfisca-core and numpy and nothing else of this project (`deploy/local/bench`). For
households of which everything is known; money in yuan, in openfisca's 32-bit floats.
"""
