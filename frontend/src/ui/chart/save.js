// A chart as a picture. The copy takes its colours along, for the style sheet stays behind.
const TAKEN = ["fill", "fill-opacity", "stroke", "stroke-width", "font-size", "font-family", "font-weight", "text-anchor", "opacity"];

export function png(id, name) {
  const shown = document.getElementById(id)?.querySelector("svg.chart-svg");
  if (!shown) return;
  const copy = shown.cloneNode(true);
  const from = [shown, ...shown.querySelectorAll("*")];
  const to = [copy, ...copy.querySelectorAll("*")];
  from.forEach((element, at) => {
    const style = getComputedStyle(element);
    for (const key of TAKEN) to[at].setAttribute(key, style.getPropertyValue(key));
  });
  const [, , width, height] = shown.getAttribute("viewBox").split(" ").map(Number);
  // Charts of a small view box are made big enough to be put into a document.
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  copy.setAttribute("width", width);
  copy.setAttribute("height", height);
  const text = new XMLSerializer().serializeToString(copy);
  const url = URL.createObjectURL(new Blob([text], { type: "image/svg+xml" }));
  const image = new Image();
  image.onload = () => {
    const canvas = document.createElement("canvas");
    const scale = width > 600 ? 1 : 2;
    canvas.width = width * scale;
    canvas.height = height * scale;
    const paper = canvas.getContext("2d");
    paper.fillStyle = getComputedStyle(document.body).getPropertyValue("--surface") || "#fff";
    paper.fillRect(0, 0, canvas.width, canvas.height);
    paper.drawImage(image, 0, 0, canvas.width, canvas.height);
    URL.revokeObjectURL(url);
    canvas.toBlob((blob) => {
      const link = document.createElement("a");
      link.href = URL.createObjectURL(blob);
      link.download = name;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 60000);
    }, "image/png");
  };
  image.src = url;
}

// The large screen: no navigation, bigger type.
export function wall(on) {
  document.documentElement.toggleAttribute("data-wall", on);
}
