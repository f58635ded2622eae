const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];

/** `12 B`, `3.4 KiB`, `5.6 MiB`, `7.8 GiB` or `9.0 TiB` */
export function readableBytes(bytes: number): string {
  const place = Math.max(0, Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10)));
  return place === 0 ? `${bytes} B` : `${(bytes / 1024 ** place).toFixed(1)} ${units[place]}`;
}
