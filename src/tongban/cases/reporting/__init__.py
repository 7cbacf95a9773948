"""Cases of other systems: taken in and given out with the data items of GB/T 39046-2020."""
