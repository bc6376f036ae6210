// Every visible text on the page whose contrast with its background is under WCAG AA: 4.5, or 3 for large text.
// Backgrounds are looked up through the ancestors; gradients count with their first colour.
() => {
  const parse = (colour) => (colour.match(/[\d.]+/g) ?? [0, 0, 0, 0]).map(Number);
  const lum = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map((v) => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const ground = (node) => {
    for (let up = node; up; up = up.parentElement) {
      const style = getComputedStyle(up);
      const gradient = style.backgroundImage.match(/rgba?\([^)]*\)/);
      if (gradient) return parse(gradient[0]);
      const colour = parse(style.backgroundColor);
      if ((colour[3] ?? 1) > 0.99) return colour;
    }
    return matchMedia("(prefers-color-scheme: dark)").matches ? [18, 18, 18] : [255, 255, 255];
  };
  const weak = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode.parentElement;
    const box = node.getBoundingClientRect();
    if (!walker.currentNode.data.trim() || box.width < 2 || box.height < 2 || /SCRIPT|NOSCRIPT/.test(node.tagName)) continue;
    const style = getComputedStyle(node);
    const [a, b] = [lum(parse(style.color)), lum(ground(node))].sort((x, y) => y - x);
    const large = parseFloat(style.fontSize) >= 24 || (parseFloat(style.fontSize) >= 18.66 && style.fontWeight >= 700);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < (large ? 3 : 4.5)) weak.push(`${ratio.toFixed(2)} ${node.tagName}.${node.className}: ${walker.currentNode.data.trim().slice(0, 40)}`);
  }
  return weak;
}
