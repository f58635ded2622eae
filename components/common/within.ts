/**
 * The result, if it comes in time. What it stands for is not ended when it is late, only no longer waited for.
 *
 * @param late makes the error of a late result
 */
export async function within<Result>(timeoutMs: number, result: Promise<Result>, late: () => Error): Promise<Result> {
  const limit = Promise.withResolvers<never>();
  const timer = setTimeout(() => limit.reject(late()), timeoutMs);
  try {
    return await Promise.race([result, limit.promise]);
  } finally {
    clearTimeout(timer);
  }
}
