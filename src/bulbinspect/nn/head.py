"""From bulb features to logits."""

from torch import Tensor, nn


class Head(nn.Module):
    """Dropout and one linear layer: `(..., D) -> (..., K)`."""

    def __init__(self, num_features: int, num_classes: int, *, dropout: float = 0.0) -> None:
        super().__init__()
        self.dropout = nn.Dropout(dropout)
        self.linear = nn.Linear(num_features, num_classes)

    def forward(self, features: Tensor) -> Tensor:
        """`(..., D) -> (..., K)`."""
        logits: Tensor = self.linear(self.dropout(features))
        return logits
