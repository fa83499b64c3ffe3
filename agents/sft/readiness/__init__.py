"""Whether a supervised run can start and finish here: what it needs beside other runs."""
