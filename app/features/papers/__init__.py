"""Papers of deals: contracts, tasks, acts, invoices, receipts, statements and credit notes as PDF."""
