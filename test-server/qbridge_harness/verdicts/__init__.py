"""Verdicts over a whole run: which rules it has proven, what of the contract it has seen.

    report (JSON) + rules ----> rule table      rules x transports x cases
    report (JSON) + contract -> coverage        operations x outcomes x stream events
              both ----------> conformance report

It takes the JSON report of a run that is over, and decides nothing about a case: those verdicts are made.
"""
