"""Where rows rest: URL lists, the journal of a running fetch, the warehouse."""
