"""The counter: the only door of the face.

One function for each thing that pages and programs may ask for, in the name of a `Viewer`. Each checks the right first,
then whether the thing addressed, and every other thing named in the request, is the viewer's; only then the service
behind it acts. "Absent" and "not yours" raise the same `UnknownRecord`. Functions that take a session leave the
transaction to whoever opened it; those that take the system need a solve, a file or several transactions.
"""
