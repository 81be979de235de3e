"""Every kind of network with its options, for tests that hold all of them to a promise."""

import itertools

import torch

from bulbinspect.models.single_view import JOINS
from bulbinspect.models.spec import ModelSpec, build_model
from bulbinspect.nn.early_fusion import EARLY_FUSIONS
from bulbinspect.nn.view_pooling import ORDER_BOUND_POOLINGS, VIEW_POOLINGS

SIZE = {"height_px": 40, "width_px": 48}
EVERY_NETWORK = [
    *({"view_pooling": name} for name in (*VIEW_POOLINGS, *ORDER_BOUND_POOLINGS)),
    {"view_pooling": "concat", "judge_orders": "all"},
    {"view_pooling": "cyclic", "judge_orders": "all"},
    {"view_pooling": "pairs", "judge_orders": "cyclic"},
    {"norm": "group", "memory": "low"},
    *({"name": "early_fusion", "fusion": name} for name in EARLY_FUSIONS),
    {"name": "early_fusion", "judge_orders": "all"},
    {"name": "early_fusion", "judge_orders": "cyclic"},
    {"name": "early_fusion", "fusion": "shared_stem", "norm": "group", "judge_orders": "cyclic"},
    {"name": "per_view_kernels"},
    {"name": "per_view_kernels", "view_pooling": "concat"},
    {"name": "per_view_kernels", "judge_orders": "all"},
    *({"name": "single_view", "join": name} for name in JOINS),
    {"name": "single_view", "join": "first", "judge_orders": "cyclic"},
    {"name": "evidence"},
    {"name": "evidence", "sharpness": "learnt", "standardise": True},
    {"name": "evidence", "sharpness": 4.0, "norm": "group", "memory": "low"},
]

ORDERS = list(itertools.permutations(range(4)))
AS_GIVEN = {(0, 1, 2, 3)}
SHIFTS = {(0, 1, 2, 3), (1, 2, 3, 0), (2, 3, 0, 1), (3, 0, 1, 2)}
SHIFTS_AND_MIRRORS = SHIFTS | {order[::-1] for order in SHIFTS}
WITHIN_PAIRS = {(0, 1, 2, 3), (1, 0, 2, 3), (0, 1, 3, 2), (1, 0, 3, 2)}
SAME_FIRST = {order for order in ORDERS if order[0] == 0}
THREE_BEHIND_TWO = {order for order in ORDERS if (order.index(3) - order.index(2)) % 4 == 1}
EVERY_ORDER = set(ORDERS)
SAME_UNDER = {  # the orders of the views under which each gives the same answer, and no others
    "cyclic": SHIFTS,
    "concat": AS_GIVEN,
    "pairs": WITHIN_PAIRS,
    "pairs-cyclic": SHIFTS_AND_MIRRORS,  # a mirror changes the views within each pair
    "early_fusion-stacked": AS_GIVEN,
    "early_fusion-shuffle_weights": AS_GIVEN,
    "early_fusion-shared_stem": AS_GIVEN,
    "early_fusion-cyclic": SHIFTS,
    "early_fusion-shared_stem-group-cyclic": SHIFTS,
    "per_view_kernels": AS_GIVEN,
    "per_view_kernels-concat": AS_GIVEN,
    "single_view-first": SAME_FIRST,
    "single_view-first-cyclic": THREE_BEHIND_TWO,  # view 2 is absent: what follows it counts twice
}


def name_of(values):
    return "-".join(map(str, values.values()))


def network_of(values, *, num_classes=3, **more):
    """Return a network in evaluation that tells views well apart, though it is not trained."""
    torch.manual_seed(3)
    spec = ModelSpec(**{"num_classes": num_classes, "num_views": 4, **SIZE, **values, **more})
    network = build_model(spec)
    with torch.no_grad():
        for layer in network.modules():
            if isinstance(layer, torch.nn.BatchNorm2d | torch.nn.GroupNorm):
                layer.weight.fill_(1)  # blocks start as their shortcut alone
        for name, weight in network.named_parameters():
            if name.endswith("head.linear.weight"):
                weight *= 20
            if "neighbours" in name:
                torch.nn.init.normal_(weight, std=0.1)  # cyclic pooling starts as max
    return network.eval()


def views_of(num_bulbs, num_views=4, seed=0):
    """Return noise of another brightness and grain in every view, as floats."""
    generator = torch.Generator().manual_seed(seed)
    views = torch.randint(0, 256, (num_bulbs, num_views, 40, 48), generator=generator).float()
    for view in range(num_views):
        views[:, view] = (views[:, view] / (view + 1)).floor() + 10 * view
    return views
