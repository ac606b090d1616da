"""Test furniture that more than one folder of tests sits on; reviewed like product code."""
