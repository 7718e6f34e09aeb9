#ifndef BM_TUNE_EIGEN_H
#define BM_TUNE_EIGEN_H

/* Eigenvalues and eigenvectors of a small symmetric matrix, by Jacobi's rotations (Golub and Van Loan, section 8.5).
 * matrix [n, n] stays as it is; value [n] in no order; column j of vector [n, n] belongs to value[j]; scratch [n, n]. No two of these
 * may overlap. vector goes in as a guess, any orthogonal matrix: with the eigenvectors of a matrix nearby it is done sooner. */
void bm_eigen(int n, const double *matrix, double *value, double *vector, double *scratch);

#endif
