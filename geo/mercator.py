# mypy: allow-untyped-defs
"""The transverse Mercator projection of WGS 84, compiled, for the UTM zones that most cities use.

Krüger's series to the sixth order in the third flattening, as given by C. F. F. Karney, "Transverse
Mercator with an accuracy of a few nanometers", Journal of Geodesy 85 (2011), equations 7–26, 35 and 36.
PROJ computes the same on one core; here it runs on every core. pyproj is the oracle in the tests.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from geo.arrays import compiled

Kernel = Callable[..., Any]

_A = 6_378_137.0
_F = 1.0 / 298.257223563
_N = _F / (2.0 - _F)
_E = math.sqrt(_F * (2.0 - _F))
_K0 = 0.9996
_FALSE_EASTING = 500_000.0
_FALSE_NORTHING = 10_000_000.0
# Metres of northing per radian of rectifying latitude.
_SCALE = _K0 * _A / (1.0 + _N) * (1.0 + _N**2 / 4 + _N**4 / 64 + _N**6 / 256)
# The series is only good near its meridian; a city is never this far from its own.
_MAX_DEGREES_AWAY = 45.0


def _powers(*series: tuple[float, ...]) -> tuple[float, ...]:
    """Evaluate each row as a polynomial in _N that begins with the power of the row's number."""
    return tuple(
        sum(coefficient * _N ** (row + column) for column, coefficient in enumerate(terms))
        for row, terms in enumerate(series, start=1)
    )


_ALPHA = _powers(
    (1 / 2, -2 / 3, 5 / 16, 41 / 180, -127 / 288, 7891 / 37800),
    (13 / 48, -3 / 5, 557 / 1440, 281 / 630, -1983433 / 1935360),
    (61 / 240, -103 / 140, 15061 / 26880, 167603 / 181440),
    (49561 / 161280, -179 / 168, 6601661 / 7257600),
    (34729 / 80640, -3418889 / 1995840),
    (212378941 / 319334400,),
)
_BETA = _powers(
    (1 / 2, -2 / 3, 37 / 96, -1 / 360, -81 / 512, 96199 / 604800),
    (1 / 48, 1 / 15, -437 / 1440, 46 / 105, -1118711 / 3870720),
    (17 / 480, -37 / 840, -209 / 4480, 5569 / 90720),
    (4397 / 161280, -11 / 504, -830251 / 7257600),
    (4583 / 161280, -108847 / 3991680),
    (20648693 / 638668800,),
)


def utm_zone(srid: int) -> tuple[float, float] | None:
    """Return the central meridian (degrees) and false northing (metres) of a WGS 84 UTM zone, else None."""
    hemisphere, zone = divmod(srid, 100)
    if hemisphere not in (326, 327) or not 1 <= zone <= 60:
        return None
    return 6.0 * zone - 183.0, _FALSE_NORTHING if hemisphere == 327 else 0.0


@compiled
def _sine_sum(coefficients, xi, eta):
    """Return the real and imaginary part of sum(c[j] * sin(2 (j+1) z)) at z = xi + i eta (Clenshaw)."""
    sin, cos = math.sin(2.0 * xi), math.cos(2.0 * xi)
    sinh, cosh = math.sinh(2.0 * eta), math.cosh(2.0 * eta)
    turn = complex(2.0 * cos * cosh, -2.0 * sin * sinh)
    last, before = complex(0.0, 0.0), complex(0.0, 0.0)
    for j in range(len(coefficients) - 1, -1, -1):
        last, before = turn * last - before + coefficients[j], last
    total = last * complex(sin * cosh, cos * sinh)
    return total.real, total.imag


@compiled
def _conformal(tau):
    """Return the tangent of the conformal latitude for the tangent of a geographic one."""
    secant = math.hypot(1.0, tau)
    sigma = math.sinh(_E * math.atanh(_E * tau / secant))
    return math.hypot(1.0, sigma) * tau - sigma * secant


@compiled
def forward(start, stop, lon, lat, meridian, false_northing, x, y):
    """Project lon, lat (degrees) into x, y (metres); NaN far from the meridian or off the globe."""
    for i in range(start, stop):
        away = (lon[i] - meridian + 180.0) % 360.0 - 180.0
        if not (abs(away) <= _MAX_DEGREES_AWAY and abs(lat[i]) <= 90.0):
            x[i] = y[i] = np.nan
            continue
        sin, cos = math.sin(math.radians(away)), math.cos(math.radians(away))
        tau = _conformal(math.tan(math.radians(lat[i])))
        xi = math.atan2(tau, cos)
        eta = math.asinh(sin / math.hypot(tau, cos))
        more_xi, more_eta = _sine_sum(_ALPHA, xi, eta)
        x[i] = _FALSE_EASTING + _SCALE * (eta + more_eta)
        y[i] = false_northing + _SCALE * (xi + more_xi)


@compiled
def inverse(start, stop, x, y, meridian, false_northing, lon, lat):
    """Turn x, y (metres) back into lon, lat (degrees); NaN where x or y is not finite or off the map."""
    for i in range(start, stop):
        xi = (y[i] - false_northing) / _SCALE
        eta = (x[i] - _FALSE_EASTING) / _SCALE
        if not (abs(xi) <= math.pi / 2 and abs(eta) <= 1.0):
            lon[i] = lat[i] = np.nan
            continue
        less_xi, less_eta = _sine_sum(_BETA, xi, eta)
        xi, eta = xi - less_xi, eta - less_eta
        sinh, cos = math.sinh(eta), math.cos(xi)
        target = math.sin(xi) / math.hypot(sinh, cos)
        tau = target / (1.0 - _E * _E)
        for _ in range(3):  # Newton's method, Karney's equations 19 to 21; three rounds reach full precision.
            guess = _conformal(tau)
            slope = (1.0 + (1.0 - _E * _E) * tau * tau) / ((1.0 - _E * _E) * math.hypot(1.0, tau))
            tau += (target - guess) / math.hypot(1.0, guess) * slope
        away = math.degrees(math.atan2(sinh, cos))
        lon[i] = (meridian + away + 180.0) % 360.0 - 180.0
        lat[i] = math.degrees(math.atan(tau))
