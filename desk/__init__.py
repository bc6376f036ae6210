"""The staff desk: where officials read tickets and answer. Pages hold no rule and no SQL on tickets."""
