"""Writing back: rows of the user's become `PATCH` requests, each of them recorded.

`source` reads the input, `values` and `checking` say what is wrong with it or what it would change
(a `Plan`), `writing` carries out one change, `pushing` all of them, `audit` records every attempt,
`observed` lands what the API showed. What may be written is declared in `schemas` (`WRITABLE`).
"""
