"""Work and random faults for as long as one has patience, all of it accounted for."""
