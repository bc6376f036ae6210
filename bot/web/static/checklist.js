// The print button works only with a script, so only the script shows it.
const button = document.getElementById("print");
button.hidden = false;
button.addEventListener("click", () => window.print());
