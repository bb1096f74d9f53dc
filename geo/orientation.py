# mypy: allow-untyped-defs
"""On which side of a line a point lies, decided without rounding error.

J. R. Shewchuk, "Adaptive precision floating-point arithmetic and fast robust geometric predicates",
Discrete & Computational Geometry 18 (1997): plain arithmetic where its error bound proves the sign, exact
sums elsewhere.
"""

import numpy as np

from geo.arrays import compiled

_EPSILON = 2.0**-53
# Shewchuk's ccwerrboundA.
_BOUND = (3.0 + 16.0 * _EPSILON) * _EPSILON
_SPLITTER = 2.0**27 + 1.0


@compiled
def side_of_line(ax, ay, bx, by, px, py):
    """Return 1, -1 or 0: p lies left of, right of, or exactly on the line from a to b."""
    left = (ax - px) * (by - py)
    right = (ay - py) * (bx - px)
    determinant = left - right
    if abs(determinant) > _BOUND * (abs(left) + abs(right)):
        return 1 if determinant > 0.0 else -1
    return _exactly(ax, ay, bx, by, px, py)


@compiled
def _exactly(ax, ay, bx, by, px, py):
    """Return the sign of ax*by - ax*py - px*by - ay*bx + ay*px + py*bx, products and sum exact."""
    parts = np.zeros(12)
    count = 0
    for u, v in ((ax, by), (-ax, py), (-px, by), (-ay, bx), (ay, px), (py, bx)):
        for term in _two_product(u, v):
            # Grow-Expansion: the parts, from small to large, do not overlap, and go on adding up to the sum.
            for i in range(count):
                term, parts[i] = _two_sum(term, parts[i])
            parts[count] = term
            count += 1
    # So the largest part that is not zero has the sum's sign.
    for part in parts[::-1]:
        if part != 0.0:
            return 1 if part > 0.0 else -1
    return 0


@compiled
def _two_sum(a, b):
    """Return a + b rounded, and what the rounding lost (Knuth)."""
    total = a + b
    b_part = total - a
    return total, (a - (total - b_part)) + (b - b_part)


@compiled
def _two_product(a, b):
    """Return a * b rounded, and what the rounding lost (Dekker and Veltkamp)."""
    product = a * b
    wide = _SPLITTER * a
    a_high = wide - (wide - a)
    wide = _SPLITTER * b
    b_high = wide - (wide - b)
    a_low, b_low = a - a_high, b - b_high
    return product, a_low * b_low - (((product - a_high * b_high) - a_low * b_high) - a_high * b_low)
