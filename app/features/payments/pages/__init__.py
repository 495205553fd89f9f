"""Pages of payments: the wallet, withdrawals, and the operator's list of stuck money."""

from app.core.http.dependencies import FeatureRouter
from app.features.payments.pages import wallet, withdrawals

router = FeatureRouter()
router.include_router(wallet.router)
router.include_router(withdrawals.router)

__all__ = ["router"]
