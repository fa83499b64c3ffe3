"""The report of runs: a page in one file (`page.write_report`), and tables for the terminal (`tables`)."""
