"""Connected components of the joined identifiers (scipy, linear in edges)."""

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from orchestration.identity.graph import Edges, Mask, Small


def label(size: int, edges: Edges, keep: Mask | None = None) -> Small:
    """Return the component of each of ``size`` nodes, counting only edges that are kept."""
    left = edges.left if keep is None else edges.left[keep]
    right = edges.right if keep is None else edges.right[keep]
    graph = coo_matrix((np.ones(len(left), np.int8), (left, right)), shape=(size, size)).tocsr()
    _, labels = connected_components(graph, directed=False)
    return np.asarray(labels, np.int32)
