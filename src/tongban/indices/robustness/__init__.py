"""How sure a rank is (handbook step 7): Monte Carlo over weights and methods, Sobol indices."""
