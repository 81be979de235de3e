"""From files to bulbs: manifests, folders, splits, the cache, and drawn bulbs."""
