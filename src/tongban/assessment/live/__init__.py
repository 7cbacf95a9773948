"""The live index: indicators counted on the platform's own data, each with the list behind it."""
