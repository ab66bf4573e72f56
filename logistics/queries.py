"""What pages about orders and plans read; `road_queries` and `desk` hold the rest."""

from .day_views import (
    CO2_GRAMS_PER_KM,
    DayView,
    ItemView,
    PlanInfo,
    SiteMark,
    StopView,
    Totals,
    TourView,
    UnservedView,
    day_view,
    next_planned_day,
)
from .order_views import (
    EventView,
    LineView,
    OrderPage,
    OrderRow,
    OrderView,
    Reason,
    Whereabouts,
    order_list,
    order_view,
)

__all__ = [
    "CO2_GRAMS_PER_KM", "DayView", "EventView", "ItemView", "LineView", "OrderPage", "OrderRow", "OrderView",
    "PlanInfo", "Reason", "SiteMark", "StopView", "Totals", "TourView", "UnservedView", "Whereabouts", "day_view",
    "next_planned_day", "order_list", "order_view",
]  # fmt: skip
