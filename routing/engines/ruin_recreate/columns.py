"""Which column of the packed arrays holds what.

Few wide arrays instead of many narrow ones: a compiled call passes every field of every array, and one row of a node
lies
in one or two cache lines.
"""

from __future__ import annotations

# Facts.node: what is known of a node.
PLACE = 0
OPENS = 1
CLOSES = 2
SVC = 3
SETUP = 4
PARTNER = 5
HALF = 6
PRICE = 7
MUST = 8
FIXED = 9
TRAITS = 10
CLASHES = 11
SECOND_PRICE = 12
DUE = 13
LATE = 14
RELEASE = 15
WAS_VEHICLE = 16
WAS_START = 17
FAR = 18
WIDE = 19
WINDOW_FIRST = 20
WINDOW_LAST = 21
RANK = 22
LOADS = 23

# Facts.fleet: what is known of a vehicle.
PROFILE = 0
KIND = 1
MAX_STOPS = 2
MAX_METRES = 3
MAX_DRIVING = 4
MAX_SECONDS = 5
COST_FIXED = 6
COST_METRE = 7
COST_SECOND = 8
OVER_AFTER = 9
OVER_RATE = 10
TAIL_GROUP = 11
FIRST_MIXED = 12
DEPOT = 13
WORK_SECONDS = 14
REST_SECONDS = 15
TRIPS = 16
BREAK_FIRST = 17
BREAK_LAST = 18
RELOAD_FIRST_NODE = 19
RELOAD_LAST = 20
KIND_FIRST = 21
# From here the capacity by dimension; behind it, at `STOCK_AT` and in the row of a depot, the pieces of each scarce
# product.
ROOM = 22

# From Facts.node[LOADS], three for each dimension: what a node hands over, collects, and brings aboard or ashore as
# half
# of a pair. Behind them, at `GOODS_AT`, what it takes of each scarce product.
GIVE = 0
TAKE = 1
PAIRLOAD = 2

# Facts.breaks.
PAUSE_OPENS = 0
PAUSE_CLOSES = 1
PAUSE_SECONDS = 2
PAUSE_ALWAYS = 3
FACTS_OF_BREAK = 4

# State.node: its neighbours, its tour, times and segments.
NXT = 0
PRV = 1
VEH = 2
POS = 3
E = 4
L = 5
LM = 6
LT = 7
PD = 8
PE = 9
PL = 10
SD = 11
SE = 12
OPEN_PAIRS = 13
SEEN_TRAITS = 14
LEFT_TRAITS = 15
STAMP = 16
IN_TRIP = 17
# Lists that stand in the same rows, each by its own number: jobs in no tour, where each job stands among them, how
# often
# each was missing, what was just taken out and in which order it goes back; a tour written out with the begin, wait
# and latest
# begin of each service; insertions worth driving; tours as they were before the step; the best plan.
ABSENT = 18
ABSENT_AT = 19
MISSES = 20
REMOVED = 21
KEY = 22
LINE = 23
BEGIN = 24
WAIT = 25
LATEST = 26
GAP_COST = 27
GAP_V = 28
GAP_P = 29
GAP_K = 30
GAP_T = 31
SAVED = 32
BEST = 33
# From here, five for each dimension: still to hand over, collected, aboard after it, the most aboard before and after.
CARRIED = 34

# Within the five of a dimension.
OUT_AFTER = 0
IN_UPTO = 1
LOAD = 2
BEFORE = 3
AFTER = 4

# State.fleet: figures of a tour, and where the vehicle stands among the empty ones.
COUNT = 0
METRES = 1
DRIVING = 2
SECONDS = 3
COST = 4
SOFT = 5
TOUR_TRAITS = 6
FREE_AT = 7
TOUCHED_MARK = 8
# Lists in the same rows: empty vehicles, those of a kind from its `KIND_FIRST`, and in the row of a kind how many;
# tours touched in
# this step and where their nodes begin in `SAVED`; where those of the best plan begin in `BEST`.
FREE = 9
FREE_COUNT = 10
TOUCHED_TOUR = 11
SAVED_AT = 12
BEST_AT = 13
# Whether the tour breaks a rule that only driving it shows.
BROKEN = 14
# From here, in the row of a depot: pieces taken of each scarce product.
TAKEN = 15

# State.now: single numbers. Cost of all tours, price of what is left out, the same of the best plan, jobs missing,
# tours touched in this step, stamps given out,
# steps, the state of the random numbers.
TOURS = 0
LEFT = 1
BEST_TOURS = 2
BEST_LEFT = 3
MISSING = 4
TOUCHED = 5
STAMPS = 6
STEPS = 7
RANDOM = 8
STATE_NOW = 9

# Facts.num: single numbers and answers.
JOBS = 0
VEHICLES = 1
DIMENSIONS = 2
NODES = 3
RELOADS = 4
KINDS = 5
HAS_SETUP = 6
HAS_PAIRS = 7
HAS_LOADS = 8
HAS_TRAITS = 9
HAS_STOCK = 10
HAS_LIMITS = 11
RESTRICTED = 12
DURATION = 13
EXACT = 14
MANY = 15
EVEN_AFTER = 16
EVEN_RATE = 17
CHANGE_COST = 18
TOLERANCE = 19
NEAR_COUNT = 20
ADJACENT_COUNT = 21
PRODUCTS = 22
GOODS_AT = 23
STOCK_AT = 24
NUMBERS = 25
