// Our own vector tiles, in the form that protomaps-leaflet asks an archive for them. A tile that cannot be had is an empty
// one: the pin, the address and the report work without a picture of the streets.

export const ourTiles = (address) => ({
  async getZxy(z, x, y, signal) {
    try {
      const answer = await fetch(address.replace("{z}", z).replace("{x}", x).replace("{y}", y), { signal });
      return answer.status === 200 ? { data: await answer.arrayBuffer() } : undefined;
    } catch (error) {
      if (error.name === "AbortError") throw error;
      return undefined;
    }
  },
});
