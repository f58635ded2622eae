/** Of how much of what is asked something holds, as far as can be told. */
export type Extent = 'always' | 'sometimes' | 'never';

export function allOf(extents: readonly Extent[]): Extent {
  if (extents.includes('never')) return 'never';
  return extents.includes('sometimes') ? 'sometimes' : 'always';
}

export function anyOf(extents: readonly Extent[]): Extent {
  if (extents.includes('always')) return 'always';
  return extents.includes('sometimes') ? 'sometimes' : 'never';
}

export function opposite(extent: Extent): Extent {
  if (extent === 'sometimes') return extent;
  return extent === 'always' ? 'never' : 'always';
}

export function extentOf(holds: boolean): Extent {
  return holds ? 'always' : 'never';
}
