"""`calsync watch`: notices of servers, changes of folders and the clock each cause an ordinary run (design 7, L3)."""
