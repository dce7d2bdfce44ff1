"""The vocabulary every part of Quarterdeck shares: settings, periods, findings, the warehouse's raw schema."""

__version__ = "0.1.0"
