"""How much may leave: limits that are set or learnt, and the places that a sender took beforehand."""
