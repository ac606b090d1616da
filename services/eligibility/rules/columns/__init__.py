"""The rules on dataframe columns. Only this folder knows the dataframe engine."""
