"""Röd tråd: from needs, to economic capacity, to a plan that anyone can check."""
