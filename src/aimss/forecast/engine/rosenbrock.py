"""RODAS: a stiffly accurate Rosenbrock method of order 4(3) with six stages and dense output of order 3.

Hairer E, Wanner G. Solving Ordinary Differential Equations II, 2nd ed., Springer 1996, section IV.7. In the
transformed form: (1/(h GAMMA) - J) U_i = f(t + ALPHA_i h, y + sum A_ij U_j) + sum C_ij U_j / h + D_i h df/dt.
The last two stages end at t + h; the new state is the last argument plus U_6, and U_6 is the error estimate.
"""

from __future__ import annotations

GAMMA = 0.25
ALPHA = (0.0, 0.386, 0.21, 0.63, 1.0, 1.0)
D = (0.25, -0.1043, 0.1035, -0.0362, 0.0, 0.0)
_A5 = (1.221224509226641, 6.019134481288629, 12.53708332932087, -0.687886036105895)
A: tuple[tuple[float, ...], ...] = (
    (),
    (1.544,),
    (0.9466785280815826, 0.2557011698983284),
    (3.314825187068521, 2.896124015972201, 0.9986419139977817),
    _A5,
    (*_A5, 1.0),
)
C: tuple[tuple[float, ...], ...] = (
    (),
    (-5.6688,),
    (-2.430093356833875, -0.2063599157091915),
    (-0.1073529058151375, -9.594562251023355, -20.47028614809616),
    (7.496443313967647, -10.24680431464352, -33.99990352819905, 11.70890893206160),
    (8.083246795921522, -7.981132988064893, -31.52159432874371, 16.31930543123136, -6.058818238834054),
)
# y(t + x h) = (1 - x) y0 + x (y1 + (1 - x) (sum DENSE_0 U + x sum DENSE_1 U))
DENSE: tuple[tuple[float, ...], ...] = (
    (10.12623508344586, -7.487995877610167, -34.80091861555747, -7.992771707568823, 1.025137723295662),
    (-0.6762803392801253, 6.087714651680015, 16.43084320892478, 24.76722511418386, -6.594389125716872),
)
STAGES = len(ALPHA)
