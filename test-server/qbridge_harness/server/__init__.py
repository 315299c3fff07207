"""Server mode: the harness over HTTP, with a page for people.

`app` has the routes and `harness` their handlers, `guard` says who may ask, `runs` queues and runs, `history` and
`store` remember, `compare` sets two runs side by side, `assets/` is what a browser gets. Of the rest of the harness
only the CLI knows this package.
"""
