/**
 * Works through all, so many at once and in their order. After a failure nothing more is begun, and what is under way ends before it is thrown:
 * nobody works on where a stage is closed.
 */
export async function atOnce(number, items, work) {
  const left = [...items].entries();
  const results = [];
  const failures = [];
  const workOn = async () => {
    for (const [index, item] of left) {
      if (failures.length > 0) return;
      try {
        results[index] = await work(item, index);
      } catch (error) {
        failures.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: number }, workOn));
  if (failures.length > 0) throw failures[0];
  return results;
}

/** A busy machine answers later than a keeper waits. */
export async function patiently(ask, attempts = 5) {
  for (let attempt = 1; ; attempt++) {
    try {
      return await ask();
    } catch (error) {
      if (attempt === attempts) throw error;
    }
  }
}
