"""Tanjian 碳鉴: verification and enforcement of a carbon market, as lifecycles and cases."""
