/** Loads a package that the lab uses but does not bring along: databases and libraries are the user's choice. */
export async function need<T>(name: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`the lab needs the package \`${name}\` here: ${reason.split('\n')[0]}. Install it with \`npm install --save-dev ${name}\`.`, { cause: error });
  }
}
