"""From bulb features to logits."""

from torch import Tensor, nn


class Head(nn.Module):
    """Dropout and one linear layer: `(..., D) -> (..., K)`."""

    def __init__(self, num_features: int, num_classes: int, *, dropout: float = 0.0) -> None:
        super().__init__()
        self.dropout = nn.Dropout(dropout)
        self.linear = nn.Linear(num_features, num_classes)

    def forward(self, features: Tensor) -> Tensor:
        """`(..., D) -> (..., K)`, each row by itself.

        One matrix product of all rows, as `nn.Linear` makes it, may round a row otherwise at
        another place: views that change places would not take their answers with them bit for bit.
        """
        products = self.dropout(features).unsqueeze(-2) * self.linear.weight  # (..., K, D)
        logits: Tensor = products.sum(-1) + self.linear.bias
        return logits
