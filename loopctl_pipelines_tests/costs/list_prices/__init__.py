"""Tests of the comparison with list prices."""
