// SPDX-License-Identifier: GPL-2.0-or-later
// Tables that sort and filter. Without scripts they are all there, in the order of the study.
'use strict';

// Numbers in their order, before texts in theirs.
const keyOf = cell => {
	const text = cell.dataset.order ?? cell.textContent;
	const number = parseFloat(text);
	return isNaN(number) ? text : number;
};
const compare = (a, b) => {
	if (typeof a !== typeof b)
		return typeof a === 'number' ? -1 : 1;
	return typeof a === 'number' ? a - b : a.localeCompare(b);
};

for (const table of document.querySelectorAll('table.data')) {
	const body = table.tBodies[0];
	[...table.tHead.rows[0].cells].forEach((head, column) => {
		const button = document.createElement('button');
		button.type = 'button';
		button.textContent = head.textContent;
		head.replaceChildren(button);
		button.addEventListener('click', () => {
			const down = head.getAttribute('aria-sort') === 'ascending';
			for (const other of head.parentNode.cells)
				other.removeAttribute('aria-sort');
			head.setAttribute('aria-sort', down ? 'descending' : 'ascending');
			const rows = [...body.rows].map(row => [keyOf(row.cells[column]), row]);
			rows.sort(([a], [b]) => down ? compare(b, a) : compare(a, b));
			body.append(...rows.map(([, row]) => row));
		});
	});
}

for (const form of document.querySelectorAll('.search')) {
	const input = form.querySelector('input'), status = form.querySelector('output');
	const rows = [...document.getElementById(input.dataset.table).querySelectorAll('tbody tr')];
	const texts = rows.map(row => row.textContent.toLowerCase());
	form.hidden = false;
	input.addEventListener('input', () => {
		const words = input.value.toLowerCase().split(/\s+/).filter(word => word);
		let shown = 0;
		rows.forEach((row, i) => {
			row.hidden = !words.every(word => texts[i].includes(word));
			shown += !row.hidden;
		});
		status.textContent = words.length ? `${shown} of ${rows.length} rows` : '';
	});
}

// What is folded is printed all the same, and folded again.
let opened = [];
addEventListener('beforeprint', () => {
	opened = [...document.querySelectorAll('details:not([open])')];
	opened.forEach(details => { details.open = true; });
});
addEventListener('afterprint', () => opened.forEach(details => { details.open = false; }));
