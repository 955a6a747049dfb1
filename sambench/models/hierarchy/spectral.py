"""Contours that matter to the image as a whole, from the eigenvectors of its region graph."""

from __future__ import annotations

import numpy as np
from scipy.sparse import coo_matrix, diags
from scipy.sparse.linalg import ArpackNoConvergence, eigsh

from sambench.models.hierarchy.constants import TreeConstants
from sambench.models.hierarchy.merge import RegionGraph

LINK = 1e-6
"""Affinity a border pixel pair has however strong the border is, so that the graph stays connected."""


def spectral_strengths(graph: RegionGraph, constants: TreeConstants) -> np.ndarray:
    """Measure each border by the eigenvectors of the region graph's Laplacian.

    The eigenvectors of L v = lambda A v with the smallest lambda above 0 (L the Laplacian of the affinities, A the
    regions' shares of the image) are smooth within what hangs together and change between; a border's strength is the
    sum of their changes across it over sqrt(lambda), as in gPb's spectral part (Arbelaez et al. 2011, section 3.2).

    Args:
        graph: R regions and E borders.
        constants: Scales.

    Returns:
        (E,) float64 >= 0, in units of the first eigenvector's change; all 0 where the image has too few regions.
    """
    regions = len(graph.areas)
    if constants.vectors == 0 or regions < constants.vectors + 3:
        return np.zeros(len(graph.ends))
    first, second = graph.ends.T
    affinity = graph.lengths * np.exp(-graph.strengths / constants.spectral_contrast) + LINK
    both = np.concatenate([affinity, affinity]), (np.concatenate([first, second]), np.concatenate([second, first]))
    links = coo_matrix(both, shape=(regions, regions)).tocsc()
    degree = np.asarray(links.sum(1)).ravel()
    share = graph.areas / graph.areas.sum()
    laplacian = (diags(degree) - links).tocsc() * (share.mean() / degree.mean())
    try:
        values, vectors = eigsh(
            laplacian, k=constants.vectors + 1, M=diags(share).tocsc(), sigma=-1e-6, v0=np.ones(regions)
        )
    except ArpackNoConvergence as partial:
        values, vectors = partial.eigenvalues, partial.eigenvectors
    order = np.argsort(values)[1:]
    if len(order) == 0:
        return np.zeros(len(graph.ends))
    values, vectors = np.maximum(values[order], 1e-9), vectors[:, order]
    return (np.abs(vectors[first] - vectors[second]) * np.sqrt(values[0] / values)).sum(1)
